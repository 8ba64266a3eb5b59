/** Packages for a copy of the checkout in which sources or programs are changed on purpose. */
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';

/**
 * Links the installed packages of `root` into `copy`, for the root and for each of `workspaces`; our own packages are
 * those of the copy.
 * @param {string} root
 * @param {string} copy
 * @param {readonly string[]} workspaces
 */
export function linkPackages(root, copy, workspaces) {
  for (const folder of ['', ...workspaces]) {
    const [from, to] = [root, copy].map((at) => path.join(at, folder, 'node_modules'));
    if (!existsSync(from)) continue;
    mkdirSync(to, { recursive: true });
    for (const name of readdirSync(from)) {
      if (name !== '@casare') symlinkSync(path.join(from, name), path.join(to, name));
    }
    if (!existsSync(path.join(from, '@casare'))) continue;
    mkdirSync(path.join(to, '@casare'));
    for (const name of readdirSync(path.join(from, '@casare'))) {
      const workspace = path.join(copy, name);
      if (existsSync(workspace)) symlinkSync(workspace, path.join(to, '@casare', name));
    }
  }
}
