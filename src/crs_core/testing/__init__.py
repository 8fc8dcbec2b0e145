"""The kit for those who test with crs: contracts, strategies, a clock to move, chance from a seed, hostile weeks."""
