/** Dockerfiles of one stage, as far as a test carries them out without a builder. */

export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** The instructions in their order: comments gone, lines that go on joined, `${NAME}` of `ARG` and `args` put in. */
export function readDockerfile(source: string, args: Readonly<Record<string, string>>): Instruction[] {
  const values = new Map(Object.entries(args));
  const lines = source
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  return lines.flatMap((line) => {
    const [, name, raw] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (name === undefined || raw === undefined) {
      if (line.trim() !== '') throw new Error(`this line of the Dockerfile is not understood: ${line}`);
      return [];
    }
    const text = raw.replaceAll(/\$\{(\w+)\}/g, (whole, key: string) => values.get(key) ?? whole);
    const [, key, value] = /^(\w+)=(.*)$/.exec(text) ?? [];
    if (name === 'ARG' && key !== undefined && value !== undefined && !values.has(key)) values.set(key, value);
    return [{ name, text }];
  });
}

/** The words of an instruction in its JSON form. The other form starts a shell, which would get the signals. */
export function wordsOf(instructions: readonly Instruction[], name: string): string[] {
  const text = instructions.find((one) => one.name === name)?.text ?? '';
  const words: unknown = JSON.parse(text.slice(text.indexOf('[')));
  return words as string[];
}
