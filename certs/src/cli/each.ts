/** The same for several targets: every one is tried, and what failed is said. */
import { plain } from '@casare/shared/terminal';
import type { Desk } from './desk.ts';
import { EXIT, exitCodeOf, lineOf, type ExitCode } from './exit.ts';

export interface EachOptions<T> {
  readonly run: (target: string) => Promise<T>;
  /** One result for people. */
  readonly line: (result: T) => string;
}

/**
 * Runs for every target, one after the other. 0 when all succeeded, the error's code when the only one or all failed
 * alike, else 8 (partial).
 */
export async function each<T>(desk: Desk, targets: readonly string[], options: EachOptions<T>): Promise<ExitCode> {
  const results: T[] = [];
  const codes: ExitCode[] = [];
  for (const target of targets) {
    try {
      const result = await options.run(target);
      results.push(result);
      codes.push(EXIT.ok);
      if (!desk.asJson) desk.around.out(`${plain(options.line(result))}\n`);
    } catch (error) {
      codes.push(exitCodeOf(error));
      desk.around.error(`${plain(target)}: ${lineOf(error)}\n`);
    }
  }
  if (desk.asJson) desk.show({ items: results }, () => '');
  const [first = EXIT.ok] = codes;
  return codes.every((code) => code === first) ? first : EXIT.partial;
}
