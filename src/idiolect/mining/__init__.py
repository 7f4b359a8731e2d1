"""Mining: dense, lexical and fused scores of a corpus, and what is drawn from them."""
