/** Files that are dropped or chosen, also those in folders: each as { file, folder }, the name of its folder. */

/** The files of a DataTransfer. */
export async function droppedFiles(transfer) {
  // All at once: after the first wait, the DataTransfer is empty.
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const found = entries.map((entry) => (entry instanceof File ? [{ file: entry, folder: "" }] : filesIn(entry, "")));
  return visible((await Promise.all(found)).flat());
}

/** The files of an input, perhaps one that takes folders. */
export function chosenFiles(input) {
  const found = [...input.files].map((file) => ({ file, folder: file.webkitRelativePath.split("/").at(-2) ?? "" }));
  input.value = "";
  return visible(found);
}

async function filesIn(entry, folder) {
  if (entry.isFile) return [{ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), folder }];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    // A reader gives some at a time.
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found.flat();
    for (const one of some) found.push(await filesIn(one, entry.name));
  }
}

/** Without those that file managers leave behind. */
const visible = (files) => files.filter(({ file }) => !file.name.startsWith("."));
