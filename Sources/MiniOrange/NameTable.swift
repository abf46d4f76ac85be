internal import Synchronization

/// The plain names of attributes by the spelling that the server uses: it uses the same few again and again.
final class NameTable: Sendable {
    struct Name: Sendable {
        let plain: String
        let isWanted: Bool
    }

    static let limit = 1024

    private let wanted: Set<String>
    private let names = Mutex<[String: Name]>([:])

    init(wanted: Set<String>) {
        self.wanted = wanted
    }

    /// One name for each spelling, in their order.
    func plain(_ spellings: [String]) -> [Name] {
        names.withLock { names in
            spellings.map { spelling in
                if let known = names[spelling] { return known }
                let plain = EntryShape.plainName(spelling)
                let name = Name(plain: plain, isWanted: wanted.contains(plain))
                // A server that makes up spellings must not fill the memory.
                if names.count < Self.limit { names[spelling] = name }
                return name
            }
        }
    }
}
