import SyncModel

/// Servers and authors that many stamps share: their records hold a code in place of the name.
struct StampNames {
    enum Subject { case server, author }

    /// The code of a name is its place here, for ever.
    private var names: [String] = []
    private var codes: [String: Int] = [:]
    static let key = [UInt8]("stampnames".utf8)
    /// Authors beyond these stand in the records themselves: where everybody edits his own entry, there are as many as entries.
    static let authorLimit = 128
    /// Servers are few, and still find room when the authors took all of theirs.
    static let limit = 192
    /// A name that is longer is in no list that each transaction may have to read.
    static let lengthLimit = 512

    func code(of name: String) -> Int? { codes[name] }
    func name(_ code: UInt64) -> String? { code < UInt64(names.count) ? names[Int(code)] : nil }

    /// Whether the name got a code now; false where it has one or there is none left.
    mutating func take(_ name: String, _ subject: Subject) -> Bool {
        guard codes[name] == nil, name.utf8.count <= Self.lengthLimit else { return false }
        guard names.count < (subject == .author ? Self.authorLimit : Self.limit) else { return false }
        codes[name] = names.count
        names.append(name)
        return true
    }

    /// Gives both names of a stamp their codes; false where nothing was new.
    mutating func take(_ stamp: Stamp) -> Bool {
        let server = stamp.server.map { take($0, .server) } ?? false
        let author = stamp.author.map { take($0, .author) } ?? false
        return server || author
    }

    func encode(into writer: RecordWriter) {
        writer.begin()
        writer.appendList(names, writer.append)
    }

    static func decode(from reader: inout RecordReader) throws(RecordDamage) -> StampNames {
        try reader.begin()
        var list = StampNames()
        list.names = try reader.readList { (reader: inout RecordReader) throws(RecordDamage) in
            try reader.readText()
        }
        guard list.names.count <= limit else { throw .invalid("names of stamps") }
        for (code, name) in list.names.enumerated() { list.codes[name] = code }
        try reader.end()
        return list
    }
}
