"""How answers leave: findings, tables, JSON, HTML and Markdown."""
