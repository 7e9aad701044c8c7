"""Challenge this code: anyone may dispute an assessment with a source and sees the answer."""
