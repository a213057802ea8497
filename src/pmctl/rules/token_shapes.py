"""The shapes of well-known tokens, as their issuers publish them for secret scanning."""

from __future__ import annotations

TOKENS: tuple[tuple[str, str, str], ...] = (
    ("AWS access key", "AKIA ASIA", r"[0-9A-Z]{16}"),
    ("GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", r"[A-Za-z0-9]{36,251}"),
    ("GitHub token", "github_pat_", r"[A-Za-z0-9_]{50,251}"),
    ("GitLab token", "glpat- gldt- glrt- glcbt- glptt- glft- glsoat- glagent- glimt-", r"[A-Za-z0-9_.-]{20,}"),
    ("Slack token", "xoxa- xoxb- xoxe- xoxo- xoxp- xoxr- xoxs- xapp-", r"[A-Za-z0-9-]{10,}"),
    ("Slack webhook", "hooks.slack.com/services/ hooks.slack.com/workflows/", r"[A-Za-z0-9/]{20,}"),
    ("Discord webhook", "discord.com/api/webhooks/ discordapp.com/api/webhooks/", r"\d{15,}/[\w-]{60,}"),
    ("Stripe key", "sk_live_ rk_live_", r"[A-Za-z0-9]{16,}"),
    ("Google API key", "AIza", r"[0-9A-Za-z_-]{35}"),
    ("Google OAuth secret", "GOCSPX-", r"[A-Za-z0-9_-]{28}"),
    ("SendGrid key", "SG.", r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    ("npm token", "npm_", r"[A-Za-z0-9]{36}"),
    ("PyPI token", "pypi-AgE", r"[A-Za-z0-9_-]{50,}"),
    ("Anthropic key", "sk-ant-", r"[A-Za-z0-9_-]{30,}"),
    ("OpenAI key", "sk-", r"(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}"),
    ("Hugging Face token", "hf_", r"[A-Za-z0-9]{34}"),
    ("DigitalOcean token", "dop_v1_ doo_v1_ dor_v1_", r"[a-f0-9]{64}"),
    ("Shopify token", "shpat_ shpca_ shppa_ shpss_", r"[a-fA-F0-9]{32}"),
    ("Twilio key", "SK", r"[0-9a-f]{32}"),
    ("Databricks token", "dapi", r"[0-9a-f]{32}(?:-\d)?"),
    ("Atlassian token", "ATATT3", r"[A-Za-z0-9_=-]{60,}"),
    ("Linear key", "lin_api_", r"[A-Za-z0-9]{40}"),
    ("Vault token", "hvs.", r"[A-Za-z0-9_-]{24,}"),
    ("age key", "AGE-SECRET-KEY-1", r"[0-9A-Z]{58}"),
    ("JSON web token", "eyJ", r"[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}"),
    ("bearer token", "Bearer bearer", r"[ ](?=[^\s]*\d)[A-Za-z0-9_\-.=+/]{24,}"),
)
"""What it is, the prefixes that its issuers give it, and what follows."""
