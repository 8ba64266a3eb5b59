/** `casare login`: saves the address and key that later commands use, or makes a sign-in link for the console. */
import { api } from '@casare/shared/client';
import { details } from '@casare/shared/terminal';
import type { Command } from 'commander';
import { openSession, type Surroundings } from './session.ts';
import { saveLogin } from './settings.ts';

export function addLoginCommand(program: Command, around: Surroundings): void {
  program
    .command('login')
    .description('check --url and --api-key and save them; with --link, make a one-time sign-in link for the console')
    .option('--link', 'print a link that signs you in once')
    .action(async ({ link }: { link?: boolean }, command: Command) => {
      const session = await openSession(command, around);
      if (link) {
        const made = await session.client.call(api.auth.createSignInCode);
        session.show(made, ({ url }) => `${url}\n`);
        return;
      }
      const me = await session.client.call(api.auth.me);
      const { url, apiKey } = command.optsWithGlobals<{ url?: string; apiKey?: string }>();
      // Only what was given is saved: a key found in admin.json stays there alone.
      const file = url !== undefined || apiKey !== undefined ? await saveLogin(session.server, around.env) : null;
      session.show(me, ({ email, role, tenant }) =>
        details([
          ['server', session.server.url],
          ['account', email],
          ['role', role],
          ['tenant', tenant],
          ['saved in', file],
        ]),
      );
    });
}
