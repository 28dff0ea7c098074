"""Tests of Lumen programs: found, run in virtual time, compared with what was recorded, explored under many schedules."""
