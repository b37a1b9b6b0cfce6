/**
 * The paths of one put: which may stand in an object, and which do not go together. Pure.
 *
 * An object is a tree of named files. What would be lost in it (a second file of one name, a file that is a folder as well) or
 * lead out of it is refused, so that whoever stores gets back all that was stored, and only below the folder that they name.
 *
 * @module
 */

/** Bytes of one path in UTF-8, inclusive. */
export const pathBytesMax = 4_096
/** Names in one path, inclusive: the folders of a tree are gone through one inside the other. */
export const pathNamesMax = 128
/** Folders of one put, inclusive; files have their own bound. */
export const foldersMax = 100_000
/** Bytes of all paths of one put, inclusive: they are in memory until its root is known. */
export const pathsBytesMax: number = 32 * 1024 * 1024

export interface PutPaths {
  /** @returns why the path cannot be taken in beside those before, or undefined */
  addFile(path: string): string | undefined
  addFolder(path: string): string | undefined
  /** Folders that hold no file: an object has files only, so these are not in it. */
  emptyFolderCount(): number
}

export function putPaths({
  bytesMax = pathsBytesMax,
  folderCountMax = foldersMax,
}: { bytesMax?: number; folderCountMax?: number } = {}): PutPaths {
  const files = new Set<string>()
  /** whether there is a file below it */
  const folders = new Map<string, boolean>()
  let bytes = 0

  const enter = (folder: string, holdsFile: boolean): string | undefined => {
    if (files.has(folder)) return 'it is a file and a folder'
    if (!folders.has(folder) && folders.size >= folderCountMax) return `there are more than ${folderCountMax} folders`
    folders.set(folder, holdsFile || folders.get(folder) === true)
    return undefined
  }
  const enterAbove = (path: string, holdsFile: boolean): string | undefined => {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end)
      // Whatever is above a folder that is known, and holds a file already, is known as well.
      if (folders.get(folder) === true) return undefined
      const fault = enter(folder, holdsFile)
      if (fault !== undefined) return fault
    }
    return undefined
  }
  const weigh = (path: string): string | undefined => {
    bytes += Buffer.byteLength(path)
    return bytes > bytesMax ? `the paths have more than ${bytesMax} bytes together` : undefined
  }

  return {
    addFile(path) {
      const fault = pathFault(path) ?? weigh(path)
      if (fault !== undefined) return fault
      if (files.has(path)) return 'it comes twice'
      if (folders.has(path)) return 'it is a file and a folder'
      files.add(path)
      return enterAbove(path, true)
    },
    addFolder(path) {
      const fault = pathFault(path) ?? (folders.has(path) ? undefined : weigh(path))
      return fault ?? enter(path, false) ?? enterAbove(path, false)
    },
    emptyFolderCount: () => [...folders.values()].filter((holdsFile) => !holdsFile).length,
  }
}

/** What is wrong with one path by itself, or undefined. */
export function pathFault(path: string): string | undefined {
  if (path === '') return 'it has no name'
  if (Buffer.byteLength(path) > pathBytesMax) return `its path has more than ${pathBytesMax} bytes`
  if (path.startsWith('/')) return 'it leads outside'
  const names = path.split('/')
  if (names.length > pathNamesMax) return `it lies more than ${pathNamesMax} folders deep`
  if (names.includes('..')) return 'it leads outside'
  if (names.includes('') || names.includes('.')) return 'a name in its path is empty'
  if (path.includes('\0')) return 'its name has a NUL byte'
  // What was no UTF-8 comes as the replacement character, and two such names would be one.
  if (path.includes('\uFFFD')) return 'its name is not UTF-8'
  // The cutting of paths takes a backslash before a slash for an escape.
  if (path.includes('\\/')) return 'the name of a folder ends with a backslash'
  return undefined
}
