/** What one CA signs: a fleet of 10,000 renews about 14 a minute, a rollout enrols in bursts. */
export const SIGNATURES = { perMinute: 600, burst: 2_000 } as const;
