"""The vector-searched knowledge base: approved answers, and answers that are computed."""
