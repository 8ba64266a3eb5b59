/**
 * Kept profiles: what a browser session leaves behind under a name (cookies, local storage, databases of sites), for a later
 * one to begin with. Each is one file of the agent home, written whole when a session ends cleanly.
 *
 * Invariants: one session at a time has a profile, and a killed one gives it up: the lock is SQLite's, which the system
 * drops; whoever may not read the agent home reads no profile.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { BrowserContext } from 'playwright-core';
import { z } from 'zod';
import { codeOf } from '../fault.ts';
import { writeWhole } from '../write-whole.ts';
import { BrowserError } from './browser-error.ts';

/** Profiles of an agent. */
const MAX_PROFILES = 200;
const MAX_BYTES = 20 * 2 ** 20;
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** What Playwright takes and gives; it checks the rest itself. */
type ProfileState = Awaited<ReturnType<BrowserContext['storageState']>>;
const ProfileState = z.looseObject({ cookies: z.array(z.looseObject({})), origins: z.array(z.looseObject({})) });

/** A profile that this process has. */
export interface ClaimedProfile {
  /** What the last session left; `undefined` for a new profile. */
  readonly state: ProfileState | undefined;
  /** Replaces what is kept. Throws a BrowserError PROFILE_TOO_LARGE. */
  save(state: ProfileState): void;
  /** Gives it up; may be called again. */
  release(): void;
}

/** Takes the profile `name` of an agent home. Throws a BrowserError PROFILE_BUSY, PROFILES_FULL, PROFILE_UNREADABLE. */
export function claimProfile(home: string, name: string): ClaimedProfile {
  if (!NAME.test(name)) throw new TypeError('a profile has a plain name');
  const folder = join(home, 'profiles');
  const file = join(folder, `${name}.json`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const others = readdirSync(folder).filter((other) => other.endsWith('.lock') && other !== `${name}.lock`);
  if (others.length >= MAX_PROFILES) {
    throw new BrowserError('PROFILES_FULL', `${folder} holds ${MAX_PROFILES} profiles: remove those that nobody uses`);
  }
  const lock = lockOf(join(folder, `${name}.lock`), name);
  try {
    return {
      state: read(file),
      save: (state) => {
        const text = JSON.stringify(state);
        if (text.length <= MAX_BYTES) writeWhole(file, text);
        else throw new BrowserError('PROFILE_TOO_LARGE', `the profile ${name} would have more than ${MAX_BYTES} bytes`);
      },
      release: () => {
        if (lock.isOpen) lock.close();
      },
    };
  } catch (error) {
    lock.close();
    throw error;
  }
}

function lockOf(path: string, name: string): DatabaseSync {
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return lock;
  } catch {
    lock.close();
    throw new BrowserError(
      'PROFILE_BUSY',
      `another run has the profile ${name}: let such jobs wait for each other by a concurrency key`,
    );
  }
}

function read(file: string): ProfileState | undefined {
  try {
    return ProfileState.parse(JSON.parse(readFileSync(file, 'utf8'))) as unknown as ProfileState;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new BrowserError(
      'PROFILE_UNREADABLE',
      `${file} is not what a session left: remove it, the site will ask anew`,
    );
  }
}
