"""What things are called in the landed files and in the truth."""

CATEGORIES: dict[str, tuple[str, ...]] = {
    "Tea and coffee": ("Black tea", "Green tea", "Ground coffee", "Coffee beans"),
    "Pantry": ("Pasta", "Olive oil", "Rice", "Baking"),
    "Sweets": ("Chocolate", "Biscuits", "Honey", "Jam"),
    "Dairy": ("Milk", "Cheese", "Yoghurt", "Butter"),
    "Drinks": ("Juice", "Mineral water", "Lemonade", "Cider"),
    "Household": ("Detergent", "Paper towels", "Dish care", "Bin bags"),
    "Body care": ("Shampoo", "Soap", "Toothpaste", "Skin cream"),
    "Baby": ("Nappies", "Baby food", "Wipes", "Baby care"),
    "Pets": ("Dog food", "Cat food", "Cat litter", "Pet treats"),
    "Stationery": ("Notebooks", "Pens", "Cards", "Wrapping"),
    "Garden": ("Seeds", "Compost", "Planters", "Garden tools"),
    "Kitchen": ("Cookware", "Knives", "Kettles", "Tableware"),
}
DURABLES = ("Garden tools", "Cookware", "Knives", "Kettles")

CAUSES = ("price", "stock_out", "service", "product", "category_exit", "moved_channel", "unknown")
PROGRAMS = ("vip_pull", "dormancy_defence", "win_back", "up_sell", "cross_sell")
RESPONSES = ("never_moved", "persuadable", "would_have_bought", "put_off")
CHANNELS = ("store", "web", "app", "phone")
NOT_MERCHANDISE = "NOT MERCHANDISE"
