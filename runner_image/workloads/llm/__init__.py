"""llm: prompts to providers of language models, with what a user would feel of each answer."""
