/** Errors on the wire: problem documents (RFC 9457) with a stable code. */
import { z } from 'zod';

/** One fault in a request or document. */
export const ProblemDetail = z
  .object({
    path: z.string(),
    message: z.string(),
    line: z.int().optional(),
    column: z.int().optional(),
    suggestion: z.string().optional(),
  })
  .meta({ id: 'ProblemDetail' });
export type ProblemDetail = z.infer<typeof ProblemDetail>;

/** `application/problem+json`. `detail` says why, `fix` what to do; `code` is stable. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    fix: z.string().optional(),
    code: z.string(),
    instance: z.string().optional(),
    problems: z.array(ProblemDetail).max(50).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;
