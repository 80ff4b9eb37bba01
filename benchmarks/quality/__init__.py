"""How good are models on labelled texts of any kind, beside two word lists?"""
