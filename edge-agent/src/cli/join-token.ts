/** The join token and the URL of a command line. A file or standard input keep the token out of lists of processes. */
import { readFileSync } from 'node:fs';
import { codeOf, Fault } from '../fault.ts';

export interface JoinFlags {
  readonly url?: string;
  readonly token?: string;
  readonly tokenFile?: string;
}

/** Where they come from, when they are not given as options. */
interface JoinSources {
  readonly environment: NodeJS.ProcessEnv;
  /** Standard input to its end, or so many bytes of it. */
  readonly input: (bytes: number) => Promise<string>;
}

/** A token has about 120 characters. */
const TOKEN_BYTES = 4_096;

/**
 * `--token`, `--token-file` (`-` is standard input) or CASARE_AGENT_TOKEN_FILE.
 * @param kept the file that `agent.yaml` names
 * @throws Fault USAGE
 */
export async function readJoinToken(
  { token, tokenFile }: JoinFlags,
  from: JoinSources,
  kept?: string,
): Promise<string> {
  if (token !== undefined && tokenFile !== undefined) throw usage('give --token or --token-file, not both');
  if (token !== undefined) return token;
  const file = tokenFile ?? (from.environment['CASARE_AGENT_TOKEN_FILE'] || kept);
  if (file === undefined || file === '') {
    throw usage('give the join token by --token-file <file> (- for standard input) or CASARE_AGENT_TOKEN_FILE');
  }
  const text = file === '-' ? await from.input(TOKEN_BYTES) : readToken(file);
  if (text.trim() === '') throw usage(`${file === '-' ? 'standard input' : file} holds no join token`);
  return text.trim();
}

/** `--url` or CASARE_AGENT_URL, else what `agent.yaml` says. Throws USAGE. */
export function readEnrolUrl({ url }: JoinFlags, environment: NodeJS.ProcessEnv, kept?: string): string {
  const given = url ?? (environment['CASARE_AGENT_URL'] || kept);
  if (given === undefined || given === '')
    throw usage('give the URL of the enrol listener by --url, CASARE_AGENT_URL or `url` in agent.yaml');
  return given;
}

function readToken(file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    return text.length > TOKEN_BYTES ? '' : text;
  } catch (error) {
    throw usage(`the token file ${file} cannot be read (${codeOf(error) || 'unknown'})`);
  }
}

function usage(text: string): Fault {
  return new Fault('USAGE', text, { exitCode: 2 });
}
