"""Every behavioural number of the simulated retailer, one comment each. Money is in pounds, time in days."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Behaviour:
    """How the simulated people and their shop behave. Shares and probabilities are 0–1."""

    # ------------------------------------------------------------------ who comes, how often, for how long
    # people who bought before the first day; the others come evenly over the days
    established_share: float = 0.45
    # people who only ask about a product and never buy
    prospect_share: float = 0.02
    # mean of purchases a day; a person's own rate is Gamma-distributed around it
    rate_mean: float = 1 / 24
    # shape of that Gamma: the smaller, the more unlike people are
    rate_shape: float = 1.3
    # slowest and fastest rate a person may have
    rate_least: float = 1 / 240
    rate_most: float = 1 / 3
    # how clockwork-like a person may buy at most: 0 is pure chance, 1 a chance that grows with each day waited
    regularity_most: float = 0.9
    # mean hazard a year of leaving for no reason the data shows; a person's own is exponential around it
    leave_hazard_mean: float = 0.13
    # how much busier each weekday is than the mean, Monday first: in store, and online
    store_weekdays: tuple[float, ...] = (0.80, 0.80, 0.85, 0.95, 1.15, 1.50, 0.95)
    online_weekdays: tuple[float, ...] = (1.15, 1.05, 1.00, 0.95, 0.90, 0.85, 1.10)
    # how much busier each month is than the mean, January first
    months: tuple[float, ...] = (0.85, 0.88, 0.95, 0.98, 1.00, 0.98, 0.92, 0.92, 1.00, 1.05, 1.20, 1.27)
    # account holders' orders that are online: least and most; the same for others with an e-mail, and how many of them
    account_online: tuple[float, float] = (0.15, 0.95)
    guest_online: tuple[float, float] = (0.0, 0.40)
    guest_online_share: float = 0.40
    # online orders made in the app by those who can; orders by telephone of those who have one
    app_share: float = 0.35
    telephone_share: float = 0.03
    # hours between which stores are open
    store_hours: tuple[int, int] = (8, 20)
    # online orders of the evening kind, and how late they are: the smaller, the later
    evening_share: float = 0.7
    evening_power: float = 0.45
    # visits followed by a second order on the same day
    second_order_share: float = 0.008

    # ------------------------------------------------------------------ what the shop sells
    # families of three rungs (good, better, best) in each subcategory: one per so many people, between two limits
    people_per_family: int = 18_000
    families_least: int = 2
    families_most: int = 28
    # popularity of the product at rank r is 1 / (r + offset) ** exponent
    zipf_exponent: float = 0.9
    zipf_offset: float = 6.0
    # usual price of the lowest rung: of goods and of durables; spread of its logarithm
    goods_price: float = 4.2
    durable_price: float = 34.0
    price_spread: float = 0.45
    # days for which a product lasts, shortest and longest, by subcategory
    lasts_days: tuple[float, float] = (7, 60)
    # how much the three rungs of a ladder sell beside each other, and what they cost beside the lowest
    rung_popularity: tuple[float, ...] = (1.0, 0.6, 0.3)
    rung_price: tuple[float, ...] = (1.0, 1.38, 1.95)
    # unit cost as a share of the first list price, lowest and highest
    cost_share: tuple[float, float] = (0.58, 0.74)
    # how little durables sell beside other products of the same rank
    durable_popularity: float = 0.12
    # products that go with another product, and those that go with a pair
    planted_pairs: int = 14
    planted_triples: int = 4
    # baskets that hold the consequent for no reason, lowest and highest
    consequent_base: tuple[float, float] = (0.008, 0.020)
    # baskets with the antecedent to which the consequent is added, lowest and highest
    consequent_added: tuple[float, float] = (0.08, 0.30)

    # ------------------------------------------------------------------ prices, promotions, stock
    # Mondays on which a product's price moves a little, and by how much at least and at most
    small_change_share: float = 0.025
    small_change: tuple[float, float] = (-0.02, 0.05)
    # Mondays on which it rises sharply, and by how much
    sharp_rise_share: float = 0.004
    sharp_rise: tuple[float, float] = (0.15, 0.32)
    # products on promotion in a week, and the depths there are
    promotion_share: float = 0.10
    promotion_depths: tuple[float, ...] = (0.15, 0.20, 0.30, 0.40, 0.45)
    # days from an order to the supplier until it arrives, fewest and most
    lead_days: tuple[int, int] = (2, 9)
    # days of demand kept beyond the lead time, and days of demand ordered at once
    safety_days: float = 6.0
    order_days: float = 14.0
    # products whose supplier fails at some time in a quarter, and for how long at least and at most
    supplier_failure_share: float = 0.16
    supplier_failure_days: tuple[int, int] = (14, 40)

    # ------------------------------------------------------------------ baskets
    # favourites of a person, fewest and most
    favourites_least: int = 3
    favourites_most: int = 8
    # categories a person likes, and the share of favourites and finds that come from them
    liked_categories: int = 3
    liked_share: float = 0.5
    # a favourite's cycle beside the person's own gap between visits, least and most
    cycle_in_gaps: tuple[float, float] = (0.9, 3.0)
    # favourites that are due and then really taken
    due_taken_share: float = 0.9
    # products a visit adds beyond the favourites: mean of the least and the most adventurous person
    finds: tuple[float, float] = (0.9, 3.2)
    # spread (of the logarithm) of how much people buy of each product; mean of further units beyond the first
    spend_spread: float = 0.6
    further_units: float = 0.30
    # people who buy nearly only on promotion, their finds a visit, and favourites they take at full price
    price_only_share: float = 0.08
    price_only_finds: float = 3.0
    price_only_full_share: float = 0.04
    # orders on which a coupon of ten percent is used: by others, and by price-only people
    coupon_share: float = 0.03
    price_only_coupon_share: float = 0.50
    coupon_percent: float = 10.0
    # web orders that pay postage, and how much
    postage_share: float = 0.45
    postage: float = 3.95
    # online orders that are cancelled
    cancelled_share: float = 0.02
    # willingness to step up of price-only people (of others even between 0 and 1), before it is squared
    price_only_willingness: float = 0.05
    # favourites replaced for good by the next rung when bought, times the person's willingness
    step_up_share: float = 0.03

    # ------------------------------------------------------------------ service, returns
    # orders that lead to a complaint, and online ones that lead to a question about the order
    complaint_share: float = 0.030
    order_status_share: float = 0.050
    # orders after which somebody asks about the program or something else
    other_contact_share: float = 0.006
    # complaints that end badly (never resolved, or rated 1 or 2), and of them those never resolved
    bad_service_share: float = 0.42
    unresolved_share: float = 0.45
    # contacts of any other kind never resolved; rated 2 for no good reason, 3, and 4 (the rest 5)
    forgotten_share: float = 0.02
    other_stars: tuple[float, ...] = (0.03, 0.15, 0.35)
    # bad contacts rated 1, the rest 2
    worst_share: float = 0.55
    # mean hours until a contact is resolved: in a chat, otherwise, and how many times as long when it goes badly
    chat_hours: float = 0.5
    contact_hours: float = 20.0
    bad_hours: float = 4.0
    # contacts that get a rating
    rated_share: float = 0.65
    # minutes a contact takes: middle value, and spread of the logarithm
    handling_minutes: float = 8.0
    handling_spread: float = 0.6
    # how much more often price-only people contact us and return things
    price_only_trouble: float = 3.0
    # newcomers who asked about a product before their first purchase; orders after which one asks for the next time
    newcomer_question_share: float = 0.25
    question_share: float = 0.012
    # of the latter, those who then buy the product
    question_bought_share: float = 0.6
    # lines returned because they were not wanted; mean share of a product's lines that prove faulty
    unwanted_share: float = 0.022
    faulty_share: float = 0.007
    # returns of all units of a line, the others of one; returns on which the account is given
    all_units_share: float = 0.7
    return_account_share: float = 0.6
    # returns that come without the receipt, so that no order is known
    no_receipt_share: float = 0.10
    # returns announced to support
    announced_share: float = 0.4

    # ------------------------------------------------------------------ why people leave (probability per event)
    # after a contact that ended badly; after a faulty product
    service_leaves: float = 0.34
    product_leaves: float = 0.14
    # after each time they came for a favourite and found none (times the number of times so far, up to four)
    stock_out_leaves: float = 0.09
    # after meeting a sharp price rise on a favourite: people who mind prices, and others
    price_leaves_minding: float = 0.28
    price_leaves: float = 0.03
    # days in which a sharp rise still shocks who meets it for the first time
    shock_days: int = 60
    # people who mind prices
    price_minding_share: float = 0.30
    # hazards a year of giving up one's main category and of changing between store and online; of each, those who go
    category_exit_hazard: float = 0.16
    moved_channel_hazard: float = 0.14
    category_exit_leaves: float = 0.55
    moved_channel_leaves: float = 0.55
    # purchases still made after the event; after giving up a category or changing channel
    last_purchases: int = 1
    last_purchases_slow: int = 4
    # how much slower people buy once they are on their way out
    fading: float = 0.75

    # ------------------------------------------------------------------ loyalty
    # people with a loyalty card; how much likelier the most frequent buyer has one than the rarest
    card_share: float = 0.55
    card_lean: float = 0.5
    # people with a card who enrolled twice
    second_card_share: float = 0.03
    # store orders at which the card is shown
    card_shown_share: float = 0.92
    # mean days from first purchase to enrolment
    enrolment_delay: float = 25.0
    # points for each pound; points turned into a reward at once, and what that is worth; orders that do it when able
    points_per_pound: float = 1.0
    reward_points: int = 500
    reward_value: float = 5.0
    reward_share: float = 0.30
    # days without any entry after which points expire
    points_expire_days: int = 365
    # members who allow marketing by e-mail, sms, post; who allow profiling
    consent_shares: tuple[float, ...] = (0.72, 0.45, 0.55)
    profiling_share: float = 0.60
    # hazard a year of taking consent back; grants that run out, and after how many days at least and at most
    withdrawal_hazard: float = 0.10
    expiring_share: float = 0.20
    expiring_days: tuple[int, int] = (180, 720)

    # ------------------------------------------------------------------ offers
    # days between earlier campaigns; first of them; eligible people written to; of them the control arm; percent off
    campaign_every_days: int = 28
    campaign_first_day: int = 60
    campaign_reach: float = 0.35
    # places (by 12 months' spend) between which somebody is near to the top tier
    near_vip_places: tuple[float, float] = (0.75, 0.90)
    # how far gone people are for a program, in their own mean gaps: lapsing from, to; not lapsing up to; days: gone
    lapsing_gaps: tuple[float, float] = (1.5, 6.0)
    buying_gaps: float = 3.0
    gone_days: int = 120
    # members written to although the program is not meant for their state
    campaign_astray_share: float = 0.05
    campaign_control_share: float = 0.15
    campaign_percent: float = 10.0
    # people with an account to which offers are sent, not to the card
    sent_to_account_share: float = 0.25
    # days an offer runs
    offer_days: int = 14
    # people by how offers move them: never, persuadable, would have bought anyway, put off
    response_shares: tuple[float, ...] = (0.38, 0.34, 0.24, 0.04)
    # probability of one more order within the offer's days of a persuadable person in the state it is meant for:
    # vip_pull, dormancy_defence, win_back, up_sell, cross_sell
    response_effects: tuple[float, ...] = (0.40, 0.35, 0.15, 0.16, 0.20)
    # how much that differs from person to person
    response_spread: tuple[float, float] = (0.6, 1.4)
    # how much of that remains in another state; how much slower those put off buy
    response_elsewhere: float = 0.4
    put_off: float = 0.7
    # orders within the offer's days at which it is used, by the same four kinds of people
    redeemed_shares: tuple[float, ...] = (0.15, 0.90, 0.95, 0.02)
    # offered products that a person who uses the offer takes
    offered_taken_share: float = 0.5
    # people on their way out whom a defence offer that moves them keeps
    rescued_share: float = 0.6

    # ------------------------------------------------------------------ identifiers
    # people with an e-mail, and of them those with two; people with a phone
    email_share: float = 0.75
    second_email_share: float = 0.08
    phone_share: float = 0.65
    # people with an account (they need an e-mail); of them those with two or more
    account_share: float = 0.72
    second_account_share: float = 0.32
    third_account_share: float = 0.04
    # people who live in pairs; who share a phone; who share an e-mail
    household_share: float = 0.30
    shared_phone_share: float = 0.06
    shared_email_share: float = 0.02
    # orders on which the account is known: app, web, telephone; the card online; web and app orders with a phone
    account_known: tuple[float, ...] = (1.0, 0.9, 0.4)
    card_online_share: float = 0.30
    phone_online_share: float = 0.50
    # orders from another than the first account; from the second e-mail though the first account is used
    other_account_share: float = 0.45
    other_email_share: float = 0.15
    # contacts by chat of those who can; by e-mail of those who could as well telephone
    chat_share: float = 0.25
    email_contact_share: float = 0.45
    # contacts by e-mail that name the account too; by telephone that name the card too
    contact_account_share: float = 0.30
    contact_card_share: float = 0.20
    # contacts by telephone that leave an e-mail too
    contact_email_share: float = 0.45
    # new members who give e-mail and phone; who give their account; who tell their year of birth, and household
    member_reach_share: float = 0.93
    member_account_share: float = 0.45
    member_age_share: float = 0.7
    member_household_share: float = 0.5
    # orders of guests on which e-mail and phone are typed, not filled in by the browser
    typed_share: float = 0.4
    # typed e-mails and phones with a slip of the finger
    typo_share: float = 0.02
    # e-mails typed in capitals
    capitals_share: float = 0.06
    # store orders without card on which the till's e-mail, or a placeholder for a phone, is keyed in
    till_email_share: float = 0.04
    placeholder_phone_share: float = 0.04
