/**
 * What `casare-agent selftest` reports: written on a machine that we have never seen, read by us. It holds no name of a
 * person, an account, a machine or a folder of a user.
 */
import { z } from 'zod';

/** Raised when a reader of before could not read it any more. */
export const SELFTEST_VERSION = 1;

const POINTS = 200;

export const SelftestPoint = z.strictObject({
  /** Stable, such as `service.account`. */
  id: z
    .string()
    .regex(/^[a-z]+(\.[a-z-]+)+$/)
    .max(60),
  result: z.enum(['passed', 'failed', 'skipped']),
  /** What was seen, or why it was skipped, one line. */
  reason: z.string().max(500),
  ms: z.int().min(0),
});
export type SelftestPoint = z.infer<typeof SelftestPoint>;

export const SelftestReport = z.strictObject({
  kind: z.literal('casare.selftest'),
  version: z.literal(SELFTEST_VERSION),
  at: z.iso.datetime(),
  agentVersion: z.string().max(40),
  system: z.strictObject({
    platform: z.string().max(40),
    release: z.string().max(100),
    arch: z.string().max(40),
    node: z.string().max(40),
  }),
  points: z.array(SelftestPoint).max(POINTS),
});
export type SelftestReport = z.infer<typeof SelftestReport>;
