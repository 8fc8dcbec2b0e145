"""The storm of 15 January 2021: 44,000 people want a control PIN in an hour; played at one tenth."""
