/**
 * `secret-providers.yaml`: which secrets are on the premises, where, and what each may be used for. It belongs to whoever runs
 * the machine; it holds no secret. Read once, when the agent starts.
 */
import { SecretName, SecretOrigin, SecretStep } from '@casare/shared/protocol';
import { z } from 'zod';
import { isLoopback } from '../network/index.ts';

const file = z
  .string()
  .max(4_096)
  .refine((path) => /^(\/|[A-Za-z]:[\\/])/.test(path) && !path.includes('\0'), 'expected an absolute path');
const address = z
  .string()
  .max(2_000)
  .refine(isAddress, 'expected https://host:port, or http://127.0.0.1:port for a Vault Agent on this machine');
/** Of Vault: segments with slashes between. */
const path = z
  .string()
  .min(1)
  .max(500)
  .refine(isPath, 'expected segments with `/` between, none of them empty, `.` or `..`');

const Vault = z.strictObject({
  kind: z.literal('vault'),
  address,
  /** Of Vault Enterprise and HCP. */
  namespace: path.optional(),
  /** Certificates, PEM, that it is verified by; absent: the system's. */
  caFile: file.optional(),
  /** Of the KV engine. */
  mount: path.default('secret'),
  timeoutSeconds: z.int().min(1).max(60).default(10),
  auth: z.discriminatedUnion('method', [
    z.strictObject({
      method: z.literal('approle'),
      mount: path.default('approle'),
      roleId: z.string().min(1).max(200),
      secretIdFile: file,
    }),
    /** As Vault Agent writes it, or an administrator. */
    z.strictObject({ method: z.literal('token'), tokenFile: file }),
    z.strictObject({
      method: z.literal('cert'),
      mount: path.default('cert'),
      role: z.string().min(1).max(200).optional(),
      certFile: file,
      keyFile: file,
    }),
  ]),
});
export type VaultSettings = z.infer<typeof Vault>;

const Provider = z.discriminatedUnion('kind', [z.strictObject({ kind: z.literal('file'), file }), Vault]);

const LocalSecret = z.strictObject({
  provider: SecretName,
  /** Absent: as the secret is called here. */
  path: path.optional(),
  version: z.int().min(1).optional(),
  /** Only this text of it; absent: all of them, by their names. */
  field: z.string().min(1).max(200).optional(),
  /** As rules of secrets of the control plane. */
  steps: z.array(SecretStep).max(50).optional(),
  origins: z.array(SecretOrigin).max(50).optional(),
  /** Which workflows get it, `namespace/name`, `*` for any characters; absent: all. */
  workflows: z
    .array(
      z
        .string()
        .max(200)
        .regex(
          /^[A-Za-z0-9*-]{1,63}\/[A-Za-z0-9*-]{1,63}$/,
          'expected `namespace/name`; `*` stands for any characters',
        ),
    )
    .max(100)
    .optional(),
});
export type LocalSecret = z.infer<typeof LocalSecret>;

export const ProviderSettings = z
  .strictObject({
    providers: z.record(SecretName, Provider),
    secrets: z.record(SecretName, LocalSecret),
  })
  .superRefine(({ providers, secrets }, context) => {
    if (Object.keys(providers).length > 20)
      context.addIssue({ code: 'custom', message: 'expected at most 20 providers' });
    if (Object.keys(secrets).length > 1_000)
      context.addIssue({ code: 'custom', message: 'expected at most 1000 secrets' });
    for (const [name, { provider }] of Object.entries(secrets)) {
      if (Object.hasOwn(providers, provider)) continue;
      context.addIssue({ code: 'custom', path: ['secrets', name, 'provider'], message: 'expected one of `providers`' });
    }
  });
export type ProviderSettings = z.infer<typeof ProviderSettings>;

function isAddress(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || `${url.username}${url.password}${url.search}${url.hash}` !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));
}

function isPath(text: string): boolean {
  return text
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..' && !/[\u0000-\u001f\u007f?#%]/.test(part));
}
