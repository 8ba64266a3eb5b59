/** Where the keys are that secrets are under, as the environment says it. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

/** A transit key of HashiCorp Vault, and the login that may use it. */
export interface VaultMaster {
  /** https. */
  readonly address: string;
  readonly mount: string;
  readonly key: string;
  readonly namespace?: string | undefined;
  /** Certificates, PEM, that it is verified by; absent: the system's. */
  readonly caFile?: string | undefined;
  readonly login:
    | { readonly method: 'approle'; readonly roleId: string; readonly secretIdFile: string }
    | { readonly method: 'token'; readonly tokenFile: string };
}

/** New keys come `from` there; the others that are configured stay readable, so that a rotation leads from one to the other. */
export interface SecretsMaster {
  readonly from: 'file' | 'environment' | 'vault';
  /** Of the environment, the newest first. */
  readonly keys?: readonly Uint8Array[];
  readonly vault?: VaultMaster;
}

const file = z
  .string()
  .transform((name) => path.resolve(name))
  .nullable()
  .default(null);
/** 32 bytes each. The text is in no message. */
const masterKeys = z.string().transform((text, context) => {
  const keys = text.split(',').map((one) => Buffer.from(one.trim(), 'base64'));
  if (keys.length > 10 || keys.some(({ length }) => length !== 32)) {
    const message = 'is no list of at most 10 keys of 32 bytes in base64, such as `openssl rand -base64 32` makes';
    context.addIssue({ code: 'custom', message });
  }
  return keys;
});
const segments = z.string().regex(/^[\w-]+(\/[\w-]+)*$/, 'is no path such as transit/casare');

/** The variables. */
export const SECRETS_MASTER = {
  CASARE_SECRETS_MASTER: z.enum(['file', 'environment', 'vault']).nullable().default(null),
  CASARE_SECRETS_MASTER_KEY: masterKeys.nullable().default(null),
  CASARE_SECRETS_VAULT_ADDR: z
    .url({ protocol: /^https$/, error: 'is no https URL' })
    .transform((text) => text.replace(/\/+$/, ''))
    .nullable()
    .default(null),
  /** Mount and key. */
  CASARE_SECRETS_VAULT_KEY: segments.regex(/\//, 'is no path such as transit/casare').default('transit/casare'),
  CASARE_SECRETS_VAULT_NAMESPACE: segments.nullable().default(null),
  CASARE_SECRETS_VAULT_CA_FILE: file,
  CASARE_SECRETS_VAULT_ROLE_ID: z.string().max(200).nullable().default(null),
  CASARE_SECRETS_VAULT_SECRET_ID_FILE: file,
  CASARE_SECRETS_VAULT_TOKEN_FILE: file,
};
type Read = z.infer<z.ZodObject<typeof SECRETS_MASTER>>;

/** What is wrong with the variables together: a name and a message each. */
export function secretsMasterProblems(read: Read): [name: string, message: string][] {
  const problems: [string, string][] = [];
  const [role, secret, token] = [
    read.CASARE_SECRETS_VAULT_ROLE_ID,
    read.CASARE_SECRETS_VAULT_SECRET_ID_FILE,
    read.CASARE_SECRETS_VAULT_TOKEN_FILE,
  ];
  if ((role === null) !== (secret === null)) {
    problems.push(['CASARE_SECRETS_VAULT_ROLE_ID', 'and CASARE_SECRETS_VAULT_SECRET_ID_FILE need each other']);
  }
  if (read.CASARE_SECRETS_VAULT_ADDR !== null && (role === null) === (token === null)) {
    problems.push([
      'CASARE_SECRETS_VAULT_ADDR',
      'needs CASARE_SECRETS_VAULT_ROLE_ID or CASARE_SECRETS_VAULT_TOKEN_FILE',
    ]);
  }
  const needs = { vault: 'CASARE_SECRETS_VAULT_ADDR', environment: 'CASARE_SECRETS_MASTER_KEY' } as const;
  const from = read.CASARE_SECRETS_MASTER;
  if (from !== null && from !== 'file' && read[needs[from]] === null) {
    problems.push(['CASARE_SECRETS_MASTER', `needs ${needs[from]}`]);
  }
  return problems;
}

export function secretsMasterOf(read: Read): SecretsMaster {
  const { CASARE_SECRETS_MASTER_KEY: keys, CASARE_SECRETS_VAULT_ADDR: address } = read;
  const from = read.CASARE_SECRETS_MASTER ?? (address !== null ? 'vault' : keys !== null ? 'environment' : 'file');
  return {
    from,
    ...(keys === null ? {} : { keys }),
    ...(address === null ? {} : { vault: vaultOf(read, address) }),
  };
}

function vaultOf(read: Read, address: string): VaultMaster {
  const at = read.CASARE_SECRETS_VAULT_KEY.lastIndexOf('/');
  const [roleId, secretIdFile] = [read.CASARE_SECRETS_VAULT_ROLE_ID, read.CASARE_SECRETS_VAULT_SECRET_ID_FILE];
  return {
    address,
    mount: read.CASARE_SECRETS_VAULT_KEY.slice(0, at),
    key: read.CASARE_SECRETS_VAULT_KEY.slice(at + 1),
    namespace: read.CASARE_SECRETS_VAULT_NAMESPACE ?? undefined,
    caFile: read.CASARE_SECRETS_VAULT_CA_FILE ?? undefined,
    login:
      roleId !== null && secretIdFile !== null
        ? { method: 'approle', roleId, secretIdFile }
        : { method: 'token', tokenFile: read.CASARE_SECRETS_VAULT_TOKEN_FILE ?? '' },
  };
}

/** A credential of one word, from a file that only its owner may read. @throws Error without a word of it */
export async function readCredential(name: string): Promise<string> {
  const { mode, size } = await stat(name);
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) throw new Error(`${name} is open to others: chmod 600 it`);
  const text = size > 16_384 ? '' : (await readFile(name, 'utf8')).trim();
  if (!/^[\u0021-\u007e]+$/.test(text)) throw new Error(`${name} holds no single word of ASCII`);
  return text;
}
