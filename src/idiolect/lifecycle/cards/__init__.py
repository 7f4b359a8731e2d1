"""What a bundle says of itself: its model card and its bill of materials, from one record."""
