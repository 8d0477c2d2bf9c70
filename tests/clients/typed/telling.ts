declare const process: { argv: string[]; stdout: { write(text: string): void } }

// The argument comes from the command line, so its type is the task's own word.
type Task<Client> = (client: Client, argument: any) => Promise<unknown>

/** For `node compiled/<client>.js <url> <task> <argument as JSON>`: do the task and print its outcome as JSON. */
export async function tell<Client>(open: (url: string) => Client, tasks: Record<string, Task<Client>>): Promise<void> {
  const [url = '', name = '', argument = 'null'] = process.argv.slice(2)
  const task = tasks[name]
  if (task === undefined) throw new Error(`no task ${name}`)
  process.stdout.write(JSON.stringify(await task(open(url), JSON.parse(argument))))
}
