"""Tests of pmctl.document."""
