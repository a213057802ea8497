"""Tests of the incident sources."""
