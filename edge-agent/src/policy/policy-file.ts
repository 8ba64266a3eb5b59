/**
 * `policy.yaml`: what jobs may do on this machine, written by whoever runs it. Declared once: read from the file, handed
 * to workers as it is.
 *
 * A section that is absent sets no rule, except that files outside of a run's folder, scripts in pages and watching are
 * refused unless the policy opens them.
 */
import { readVerifyKey } from '@casare/certs';
import { z } from 'zod';
import { windowsPathFault } from '../windows/index.ts';
import { readHostRule } from './host-rules.ts';
import { schemaFault } from './input-rules.ts';
import { readRange } from './versions.decision.ts';

const LIST = 1_000;

const stepPattern = z
  .string()
  .max(200)
  .regex(/^(\*|[a-zA-Z][\w-]*(\.[\w-]+)*(\.\*)?)$/, 'expected a step such as `browser.click`, or `browser.*`');
const workflowPattern = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9*-]{1,63}\/[A-Za-z0-9*-]{1,63}$/, 'expected `namespace/name`; `*` stands for any characters');
const host = z
  .string()
  .max(300)
  .refine(
    (text) => readHostRule(text) !== null,
    'expected a host such as `portal.example.com`, `*.example.com`, `10.0.0.0/8` or `[fd00::1]`, with `:port` if only that one is meant',
  );
/** A folder; one of Windows only where its text means one folder, and of another machine `\\server\share\…`. */
const absolute = z
  .string()
  .max(4_096)
  .superRefine((path, context) => {
    const fault = folderFault(path);
    if (fault !== null) context.addIssue({ code: 'custom', message: `expected an absolute path: ${fault}` });
  });
/** A program by its path, where `*` stands for any characters within a folder; or by its bare name. */
const application = z
  .string()
  .min(1)
  .max(4_096)
  .refine(
    (text) => !/[\\/]/.test(text) || /^(\/|[A-Za-z]:[\\/])/.test(text),
    'expected an absolute path, or a bare name',
  );
const lists = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ allow: z.array(item).max(LIST).optional(), forbid: z.array(item).max(LIST).optional() });

/** How much of one kind of evidence leaves the agent. */
const Upload = z.enum(['none', 'metadata', 'all']);
/** Of pictures also only those on which everything that a person typed is covered. */
const UploadMasked = z.enum(['none', 'metadata', 'masked', 'all']);

const PinnedKey = z.strictObject({
  /** How people call the key. */
  id: z.string().min(1).max(100),
  /** Ed25519 or P-256, PEM. */
  publicKey: z
    .string()
    .max(2_000)
    .refine((pem) => readVerifyKey(pem).ok, 'expected a public key in PEM, Ed25519 or P-256'),
  /** Whose key it is. */
  who: z.string().min(1).max(200),
});

const inputSchema = z
  .union([z.boolean(), z.record(z.string(), z.json())])
  .refine((schema) => schemaFault(schema) === null, 'expected a JSON Schema that can be compiled');

export const Policy = z
  .strictObject({
    steps: lists(stepPattern).optional(),
    domains: lists(host).optional(),
    applications: lists(application).optional(),
    /** Folders outside of the runs' own; `write` opens for reading too. */
    files: z
      .strictObject({ read: z.array(absolute).max(LIST).optional(), write: z.array(absolute).max(LIST).optional() })
      .optional(),
    workflows: lists(workflowPattern).optional(),
    signed: z.enum(['required', 'optional']).optional(),
    keys: z.array(PinnedKey).max(100).optional(),
    /** Ids of `keys`, or fingerprints (`sha256:…`). */
    revokedKeys: z.array(z.string().min(1).max(100)).max(LIST).optional(),
    /** The least version of each workflow that still runs. */
    versions: z
      .record(
        workflowPattern,
        z.string().refine((text) => readRange(text) !== null, 'expected a least version, such as `">=1.2.0"`'),
      )
      .optional(),
    /** JSON Schemas that inputs must match besides the workflow's own. */
    inputs: z.record(workflowPattern, inputSchema).optional(),
    browserEvaluate: z.enum(['allowed', 'refused']).optional(),
    upload: z
      .strictObject({
        screenshot: UploadMasked.optional(),
        trace: Upload.optional(),
        log: Upload.optional(),
        network: Upload.optional(),
        console: Upload.optional(),
        snapshot: Upload.optional(),
        stepData: Upload.optional(),
      })
      .optional(),
    /** Whether anybody may watch or take over a screen. */
    watch: z.boolean().optional(),
  })
  .refine((policy) => policy.signed !== 'required' || (policy.keys ?? []).length > 0, {
    path: ['signed'],
    message: '`signed: required` needs `keys`: pin at least one',
  });
export type Policy = z.infer<typeof Policy>;

/** What holds where IT has written no policy. */
export const NO_POLICY: Policy = {};

/** What a worker has to know of it: keys and limits of inputs are judged before there is one. */
export function workerPart({ keys: _, inputs: __, signed: ___, ...rest }: Policy): Policy {
  return rest;
}

function folderFault(path: string): string | null {
  if (path.includes('\0')) return 'it holds a zero';
  if (path.startsWith('/')) return null;
  return /(^|[\\/])\.\.([\\/]|$)/.test(path) ? 'a part of it is `..`' : windowsPathFault(path);
}
