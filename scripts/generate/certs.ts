/** `docs/security/certs.md`: the commands of `casare-certs`, from the program itself. */
import { examplesOf } from '../../certs/dist/cli/desk.js';
import { EXIT_MEANINGS } from '../../certs/dist/cli/exit.js';
import { all, programFor } from '../../certs/dist/cli/program.js';

type Command = ReturnType<typeof all>[number];
type Option = Command['options'][number];

/** The document. */
export function certsPage(): string {
  const program = programFor(
    {
      ...{ out: () => undefined, error: () => undefined, env: {}, signal: AbortSignal.abort(), now: () => new Date(0) },
      connect: () => Promise.reject(new Error('documentation calls nobody')),
      readInput: () => Promise.resolve(''),
    },
    () => undefined,
  );
  const commands = all(program).filter((command) => command.commands.length === 0);
  return [
    '# casare-certs\n\nGenerated from the program by `npm run generate`; do not edit.\n',
    `${program.description()}. How to use it in an emergency, or for a planned rotation, stands in the`,
    '[runbook](rotation.md).\n',
    '## For every command\n',
    options(program.options),
    'With `--output json` a command prints what the [API](../../control-plane/openapi.json) answers, in the shapes that are',
    'declared there; errors are one line on standard error, `CODE: what happened, why, what to do`.\n',
    '| exit code | means |\n| --- | --- |',
    ...Object.entries(EXIT_MEANINGS).map(([code, meaning]) => `| ${code} | ${meaning} |`),
    '',
    ...commands.map(section),
  ].join('\n');
}

function section(command: Command): string {
  const name = command.parent?.parent ? `${command.parent.name()} ${command.name()}` : command.name();
  const taken = command.registeredArguments.map((argument) => {
    const text = argument.variadic ? `${argument.name()}...` : argument.name();
    return argument.required ? `<${text}>` : `[${text}]`;
  });
  const examples = examplesOf(command).map((line) => `casare-certs ${line}`);
  return [
    `## ${name}\n`,
    `${sentence(command.description())}\n`,
    `\`casare-certs ${[name, ...taken].join(' ')}\`\n`,
    options(command.options),
    `\`\`\`console\n${examples.map((line) => `$ ${line}`).join('\n')}\n\`\`\`\n`,
  ].join('\n');
}

function options(given: readonly Option[]): string {
  if (given.length === 0) return '';
  const rows = given.map(({ flags, description, defaultValue, argChoices, mandatory }) => {
    const choices = argChoices === undefined ? '' : `; one of ${argChoices.join(', ')}`;
    const known = typeof defaultValue === 'string' ? `; default ${defaultValue}` : '';
    return `| \`${flags}\`${mandatory ? ' (required)' : ''} | ${description}${choices}${known} |`;
  });
  return ['| option | |\n| --- | --- |', ...rows, ''].join('\n');
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
