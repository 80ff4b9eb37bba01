"""What the training data looked like; drift is the distance that later texts have from it."""
