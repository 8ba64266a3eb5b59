/**
 * Secrets of the KV engine, version 2. https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-version
 *
 * A version that was deleted or destroyed answers 404 too, with its metadata and without data.
 */
import { z } from 'zod';
import { inPath, type VaultSession } from './session.ts';
import { contentOf, faultOf, oddAnswer, VaultFault } from './vault-fault.ts';

/** Where a secret is. */
export interface KvPlace {
  /** Of the engine: `secret`. */
  readonly mount: string;
  readonly path: string;
  /** Absent: the newest. */
  readonly version?: number | undefined;
}

const Found = z.object({
  data: z.record(z.string(), z.unknown()),
  metadata: z.object({ version: z.int() }),
});
const Gone = z.object({
  data: z.null(),
  metadata: z.object({ version: z.int(), deletion_time: z.string(), destroyed: z.boolean() }),
});

/**
 * The fields of a secret that are texts.
 * @throws VaultFault VAULT_NO_SUCH_SECRET, VAULT_SECRET_DELETED, VAULT_SECRET_DESTROYED, VAULT_NOT_TEXT, VAULT_ANSWER, and
 *   what `session.call` throws
 */
export async function readKv(
  session: VaultSession,
  { mount, path, version }: KvPlace,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const asked = `read ${mount}/${path}`;
  const query = version === undefined ? '' : `?version=${version}`;
  const reply = await session.call('GET', `${inPath(mount)}/data/${inPath(path)}${query}`, asked, { signal });
  const { data } = contentOf(reply) ?? {};
  if (reply.status === 404) throw absent(data, session.address, `${mount}/${path}`);
  if (reply.status !== 200) throw faultOf(reply.status, session.address, asked);
  const found = Found.safeParse(data);
  if (!found.success) throw oddAnswer(session.address, asked);
  const texts = Object.entries(found.data.data).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  if (texts.length > 0) return Object.fromEntries(texts);
  throw new VaultFault(
    'VAULT_NOT_TEXT',
    `${mount}/${path} in Vault at ${session.address} has no field that is a text`,
    'store values as texts',
  );
}

function absent(data: unknown, address: string, place: string): VaultFault {
  const gone = Gone.safeParse(data);
  if (!gone.success) {
    return new VaultFault(
      'VAULT_NO_SUCH_SECRET',
      `Vault at ${address} has no ${place}, or its engine is not KV version 2`,
      'check mount, path, version and namespace',
    );
  }
  const { version, destroyed } = gone.data.metadata;
  const [code, how] = destroyed ? ['VAULT_SECRET_DESTROYED', 'destroyed'] : ['VAULT_SECRET_DELETED', 'deleted'];
  return new VaultFault(
    code,
    `Version ${version} of ${place} in Vault at ${address} was ${how}`,
    destroyed ? 'store it anew' : 'undelete it, or store it anew',
  );
}
