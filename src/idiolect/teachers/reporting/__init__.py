"""What the written queries are like as a set: whom they cover, what they lean towards, how real they look."""
