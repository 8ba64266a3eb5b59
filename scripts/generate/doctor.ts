/** `docs/guides/doctor.md`: what `casare-agent doctor` can find, from the program's own list. */
import { FINDINGS } from '../../edge-agent/dist/doctor/findings.js';

/** The document. */
export function doctorPage(): string {
  const sections = Object.entries(FINDINGS).map(([check, findings]) => {
    const rows = Object.entries(findings).map(
      ([code, { result, cause, fix }]) => `| \`${code}\` | ${result} | ${cause} | ${fix} |`,
    );
    return `## ${check}\n\n| code | result | cause | what to do |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
  });
  return [
    '# What doctor finds\n\nGenerated from the program by `npm run generate`; do not edit.\n',
    '`casare-agent doctor` looks for what keeps an agent from working, fast checks first, and says for each finding what to do.',
    'It can run while the agent runs, and leaves nothing behind. Where the agent is a service, run it as the user of the service,',
    'or as root. Codes do not change. Exit 0: nothing has failed (there may be warnings); 1: a check has failed.\n',
    '```\ncasare-agent doctor\ncasare-agent doctor --only "disk,data folder"\ncasare-agent doctor --json\n```\n',
    'The checks, in their order:\n',
    ...sections,
  ].join('\n');
}
