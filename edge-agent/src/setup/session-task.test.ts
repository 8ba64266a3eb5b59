/** The task's command line, whatever its folders are called. That Windows takes it is tested by the MSI, under Wine. */
import { expect, test } from 'vitest';
import { sessionTask } from './session-task.ts';

test('a folder with blanks and an ampersand is one argument, and the file stays XML', () => {
  const folder = String.raw`D:\Größe & Co`;
  const socket = String.raw`C:\ProgramData\Casare\Workers\host.sock`;
  const text = sessionTask({ node: `${folder}\\node.exe`, agent: `${folder}\\casare-agent.mjs`, socket });
  expect(text).toContain(String.raw`<Command>&quot;D:\Größe &amp; Co\node.exe&quot;</Command>`);
  const [, args = ''] = /<Arguments>(.*)<\/Arguments>/.exec(text) ?? [];
  const plain = args.replaceAll('&quot;', '"').replaceAll('&amp;', '&');
  expect([...plain.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word)).toEqual([
    `${folder}\\casare-agent.mjs`,
    'worker-host',
    '--socket',
    socket,
    '--home',
    String.raw`%LOCALAPPDATA%\Casare\Worker`,
  ]);
});

test('it never runs elevated, and for all users of the machine', () => {
  const text = sessionTask({ node: 'n', agent: 'a', socket: 's' });
  expect(text).toContain('<GroupId>S-1-5-32-545</GroupId>');
  expect(text).toContain('<RunLevel>LeastPrivilege</RunLevel>');
  expect(text).not.toContain('<UserId>');
});

test('for one account: in its sessions alone, without a password, and as it', () => {
  const text = sessionTask({ node: 'n', agent: 'a', socket: 's', user: String.raw`CORP\R&D robot` });
  const named = String.raw`<UserId>CORP\R&amp;D robot</UserId>`;
  expect(/<LogonTrigger>.*<\/LogonTrigger>/s.exec(text)?.[0]).toContain(named);
  expect(/<Principal .*<\/Principal>/s.exec(text)?.[0]).toContain(named);
  expect(text).toContain('<LogonType>InteractiveToken</LogonType>');
  expect(text).not.toContain('GroupId');
});
