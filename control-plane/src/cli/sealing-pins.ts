/**
 * The sealing keys that were used from this account before, by what the person called the agent. A control plane that says
 * another key for an agent, or another agent for a name, is noticed here: it could read what is sealed to a key of its own.
 *
 * Invariant: a pin changes only when the person gives the fingerprint.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { Fault } from '../platform/errors.ts';
import { readPrivateFile, writePrivateFile } from '../platform/home.ts';

const Pin = z.object({ agentId: z.uuid(), fingerprint: z.string() });
export type Pin = z.infer<typeof Pin>;

/** By the origin of the control plane, then by what the agent was called. */
const Pins = z.record(z.string(), z.record(z.string(), Pin));

export class SealingPins {
  readonly #file: string;
  readonly #url: string;
  readonly #all: z.infer<typeof Pins>;

  private constructor(file: string, url: string, all: z.infer<typeof Pins>) {
    this.#file = file;
    this.#url = url;
    this.#all = all;
  }

  /** @throws Fault SEALING_PINS_INVALID, FILE_NOT_PRIVATE */
  static async open(file: string, url: string): Promise<SealingPins> {
    const content = await readPrivateFile(file);
    try {
      return new SealingPins(file, url, content === null ? {} : Pins.parse(JSON.parse(content.toString('utf8'))));
    } catch (cause) {
      const fix = 'Put it back from a backup, or delete it and compare the fingerprints of all agents anew';
      throw new Fault({ code: 'SEALING_PINS_INVALID', what: `${file} cannot be read`, fix, cause });
    }
  }

  /** The key that was used for what is called so. */
  of(reference: string): Pin | null {
    const known = this.#all[this.#url] ?? {};
    return Object.hasOwn(known, reference) ? known[reference]! : null;
  }

  async keep(pins: ReadonlyMap<string, Pin>): Promise<void> {
    this.#all[this.#url] = { ...this.#all[this.#url], ...Object.fromEntries(pins) };
    await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o700 });
    await writePrivateFile(this.#file, `${JSON.stringify(this.#all, null, 2)}\n`);
  }
}
