"""How good the models are on public data, measured against naive rules: `python -m ml evaluate`."""
