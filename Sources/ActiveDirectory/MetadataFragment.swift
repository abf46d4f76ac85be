internal import SyncModel

/// One value of msDS-ReplAttributeMetaData or msDS-ReplValueMetaData: an XML fragment that tells when and where an attribute, or one value of a link,
/// was last set ([MS-ADTS] 3.1.1.4.5.17 ff.). Windows gives them, Samba none.
struct MetadataFragment: Hashable, Sendable {
    /// In lower case.
    var attribute: String
    var version: UInt32
    /// By the clock of the server where it was set; rounded down to a second.
    var time: Timestamp
    /// The server where it was set.
    var invocationID: Anchor

    /// Nil for what is not such a fragment, in whole and with each element once.
    init?(parsing octets: Octets) {
        guard octets.count <= Self.longest, let elements = Self.elements(octets.bytes),
            let attribute = elements["pszAttributeName"]?.text, !attribute.isEmpty,
            let version = elements["dwVersion"]?.text.flatMap({ UInt32($0) }),
            let time = elements["ftimeLastOriginatingChange"].flatMap(Self.time),
            let identifier = elements["uuidLastOriginatingDsaInvocationID"]?.text.flatMap(UUIDText.parseGUID),
            let invocationID = Anchor(octets: identifier)
        else { return nil }
        self.attribute = attribute.lowercased()
        self.version = version
        self.time = time
        self.invocationID = invocationID
    }

    private static let longest = 1 << 16
    private static let mostElements = 32

    /// The elements between the outermost tags, by name.
    private static func elements(_ bytes: [UInt8]) -> [String: Octets]? {
        var position = 0
        guard let outer = tag(bytes, &position), !outer.hasPrefix("/") else { return nil }
        var elements: [String: Octets] = [:]
        while elements.count <= mostElements, let name = tag(bytes, &position) {
            if name == "/" + outer { return elements }
            let text = bytes[position...].prefix { $0 != less }
            position = text.endIndex
            guard tag(bytes, &position) == "/" + name, elements.updateValue(Octets(text), forKey: name) == nil else {
                return nil
            }
        }
        return nil
    }

    /// The next tag's name, after white space; the position is then behind it.
    private static func tag(_ bytes: [UInt8], _ position: inout Int) -> String? {
        while position < bytes.count, whiteSpace.contains(bytes[position]) { position += 1 }
        guard position < bytes.count, bytes[position] == less,
            let end = bytes[position...].firstIndex(of: UInt8(ascii: ">"))
        else { return nil }
        defer { position = end + 1 }
        return String(validating: bytes[(position + 1)..<end], as: UTF8.self)
    }

    private static let less = UInt8(ascii: "<")
    private static let whiteSpace: [UInt8] = [0x09, 0x0A, 0x0D, 0x20]

    /// `2026-11-24T02:26:28Z`.
    private static func time(_ octets: Octets) -> Timestamp? {
        let separators = octets.bytes.filter { "-T:".utf8.contains($0) }
        guard octets.count == 20, separators == Array("--T::".utf8) else { return nil }
        let digits = octets.bytes.filter { !"-T:".utf8.contains($0) }
        return GeneralizedTime(parsing: Octets(digits)).map { Timestamp(milliseconds: $0.seconds * 1000) }
    }
}
