/** Finds and reads `secret-providers.yaml`. One that others than its owner may write is refused, and so is one with a fault in it. */
import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSource, schemaFindings } from '@casare/shared/workflow';
import { codeOf, describe, Fault } from '../fault.ts';
import { ownerProblem } from '../owned-file.ts';
import { ProviderSettings } from './settings.ts';

const FILE_BYTES = 1_048_576;
/** Where the machine's administrator writes it. */
const SYSTEM_FILE = '/etc/casare/secret-providers.yaml';
const NONE: ProviderSettings = { providers: {}, secrets: {} };

/** Settings and where they stand; the file is null where there is none. */
export interface HeldSettings {
  readonly settings: ProviderSettings;
  readonly file: string | null;
}

/**
 * Reads the file that was named (`CASARE_SECRET_PROVIDERS`), else that of the machine, else that of the agent home.
 * @throws Fault SECRET_PROVIDERS_MISSING, SECRET_PROVIDERS_UNSAFE, SECRET_PROVIDERS_INVALID, SECRET_PROVIDERS_UNREADABLE
 */
export function readProviderSettings(named: string | undefined, home: string, system = SYSTEM_FILE): HeldSettings {
  const isNamed = named !== undefined && named !== '';
  const file = isNamed ? named : existsSync(system) ? system : join(home, 'secret-providers.yaml');
  try {
    const handle = openSync(file, 'r');
    try {
      const { size, mode, uid } = fstatSync(handle);
      if (size > FILE_BYTES) throw invalid(`${file} has more than ${FILE_BYTES} bytes: shorten it`);
      const problem = ownerProblem(file, uid, mode, undefined);
      if (problem !== null) throw new Fault('SECRET_PROVIDERS_UNSAFE', `${file} cannot be trusted: ${problem}`);
      return { settings: parseProviderSettings(readFileSync(handle, 'utf8'), file), file };
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    if (codeOf(error) === 'ENOENT' && !isNamed) return { settings: NONE, file: null };
    if (codeOf(error) === 'ENOENT') {
      throw new Fault('SECRET_PROVIDERS_MISSING', `there is no ${file}: put it back, or name another one`);
    }
    const why = describe(error);
    throw new Fault('SECRET_PROVIDERS_UNREADABLE', `${file} cannot be read (${why}): check its permissions`);
  }
}

/** What stands in the file. @throws Fault SECRET_PROVIDERS_INVALID with the place */
export function parseProviderSettings(text: string, file: string): ProviderSettings {
  const source = readSource(text, 'yaml');
  const problem = source.ok
    ? schemaFindings(ProviderSettings, source.value ?? NONE, '').map(source.locate)[0]
    : source.problems[0];
  if (!source.ok || problem !== undefined) {
    const at = problem === undefined ? '' : `, line ${problem.line}, column ${problem.column}`;
    throw invalid(`${file}${at}: ${problem?.message ?? 'it is no YAML'}: correct it`);
  }
  return ProviderSettings.parse(source.value ?? NONE);
}

function invalid(text: string): Fault {
  return new Fault('SECRET_PROVIDERS_INVALID', text);
}
