/**
 * The key pair that secrets are sealed to for this agent, in its home. It is not the key of its certificate, which changes
 * at every renewal: this one stays as long as the home, and what was sealed opens with it.
 */
import { generateSealingKey, publicSealingKeyOf, type SealingKeyPair } from '@casare/shared/sealing';
import { z } from 'zod';
import { codeOf, describe, Fault } from '../fault.ts';
import { type AgentHome, readKeyFile, writeKeyFile } from '../identity/index.ts';

const Kept = z.object({ privateKey: z.base64().length(44) });

/** The key of a home, made when there is none. @throws Fault SEALING_KEY_DAMAGED */
export async function sealingKey(home: AgentHome): Promise<SealingKeyPair> {
  const kept = await readKey(home);
  if (kept !== null) return kept;
  const made = await generateSealingKey();
  writeKeyFile(home.sealingKey, `${JSON.stringify({ privateKey: made.privateKey })}\n`);
  return made;
}

async function readKey({ sealingKey: file }: AgentHome): Promise<SealingKeyPair | null> {
  try {
    const { privateKey } = Kept.parse(JSON.parse(readKeyFile(file)));
    return { privateKey, publicKey: await publicSealingKeyOf(privateKey) };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    const why = error instanceof SyntaxError || error instanceof z.ZodError ? 'it holds no key' : describe(error);
    const fix = 'put it back from a backup, or remove it and have secrets sealed to this agent anew';
    throw new Fault('SEALING_KEY_DAMAGED', `${file} cannot be read (${why}): ${fix}`);
  }
}
