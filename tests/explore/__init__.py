"""Exploration: planted bugs are found, their cures are not reported, and every schedule keeps the promises."""
