/** Writes generated files, or with `--check` compares them with what the sources make. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');

/** Ends the process with status 1 when something differs under `--check`; `leftOver` are files that nothing makes any more. */
export async function writeOrCompare(
  made: ReadonlyMap<string, string>,
  leftOver: readonly string[] = [],
): Promise<void> {
  const check = process.argv.includes('--check');
  const stale: string[] = [...leftOver];
  if (!check) for (const name of leftOver) await rm(path.join(ROOT, name));
  for (const [name, wanted] of made) {
    const file = path.join(ROOT, name);
    const there = await readFile(file, 'utf8').catch(() => null);
    if (there === wanted) continue;
    stale.push(name);
    if (check) continue;
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, wanted);
  }
  if (check && stale.length > 0) {
    console.error(
      `These files are not as the sources make them: ${stale.join(', ')}. Run \`npm run generate\` and commit.`,
    );
    process.exit(1);
  }
  console.log(stale.length === 0 ? 'generated files: all as the sources make them' : `generated: ${stale.join(', ')}`);
}
