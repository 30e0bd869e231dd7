"""What WeChat and WeCom have in common: sealed callbacks, tokens, coordinates."""
