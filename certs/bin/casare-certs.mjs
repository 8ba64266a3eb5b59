#!/usr/bin/env node
import { runUnderNode24 } from '../../scripts/runtime.mjs';

await runUnderNode24(new URL('../dist/cli/main.js', import.meta.url));
