"""A champion brought up to date: new documents, feedback and failures in, a challenger through the gate out."""
