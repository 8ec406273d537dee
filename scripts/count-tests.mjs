// Adds up the runners' own reports and prints the closing line; a missing report is a failure.
import { existsSync, readFileSync } from 'node:fs';

let passed = 0;
let failed = 0;
let missing = 0;
for (const path of process.argv.slice(2)) {
  if (!existsSync(path)) {
    console.error(`${path} was not written: its tests did not run to the end`);
    missing += 1;
    continue;
  }
  const report = JSON.parse(readFileSync(path, 'utf8'));
  passed += report.numPassedTests;
  // A test file that cannot even be loaded has no failed test of its own.
  const unloadable = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  failed += report.numFailedTests + unloadable.length;
}
console.log(`tests: ${passed} passed, ${failed} failed`);
process.exit(failed === 0 && missing === 0 && passed > 0 ? 0 : 1);
