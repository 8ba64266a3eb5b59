/** The programs that make and sign an MSI, from this machine or unpacked from Debian's packages. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { unpackDebian } from '../debian.ts';
import { BuildFault } from '../fault.ts';

const run = promisify(execFile);
const LIMIT_MS = 300_000;

const PACKAGES = { wixl: 'wixl', msibuild: 'msitools', msiinfo: 'msitools', osslsigncode: 'osslsigncode' } as const;
export type Tool = keyof typeof PACKAGES;

/**
 * Runs a tool to its end and gives what it printed. Whatever it writes to standard error is a fault: wixl warns of what it
 * leaves out, and makes a package without it.
 */
export async function useTool(
  checkout: string,
  tool: Tool,
  args: readonly string[],
  { cwd, env }: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  const found = await findTool(checkout, tool);
  const options = {
    ...(cwd !== undefined && { cwd }),
    env: { ...found.env, ...env },
    timeout: LIMIT_MS,
    maxBuffer: 64 * 1024 * 1024,
  };
  const { stdout, stderr } = await run(found.file, args, options).catch((error: unknown) => {
    const { stdout: out, stderr: said, message } = error as Error & { stdout?: string; stderr?: string };
    throw new BuildFault('MSI_TOOL_FAILED', `${tool}: ${(said || out || message).trim().slice(0, 2_000)}`);
  });
  if (stderr.trim() !== '') throw new BuildFault('MSI_TOOL_COMPLAINED', `${tool}: ${stderr.trim().slice(0, 2_000)}`);
  return stdout;
}

async function findTool(checkout: string, tool: Tool): Promise<{ file: string; env: NodeJS.ProcessEnv }> {
  const installed = path.join('/usr/bin', tool);
  if (existsSync(installed)) return { file: installed, env: process.env };
  try {
    const unpacked = await unpackDebian(checkout, 'msi-tools', [...new Set(Object.values(PACKAGES))]);
    return { file: unpacked.path(installed), env: unpacked.env };
  } catch (error) {
    throw new BuildFault(
      'MSI_TOOL_MISSING',
      `${tool} is not on this machine and Debian's package ${PACKAGES[tool]} cannot be had: install it, then build again`,
      { cause: error },
    );
  }
}
