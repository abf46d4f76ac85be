import LDAPClient
import SyncModel
import Testing

@testable import ActiveDirectory

@Suite("Who may read what")
struct AccessControlTests {
    private static let me = sid(1001)
    private static let everyone = Octets([1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
    private static let other = sid(1002)
    private static let mail = Octets([UInt8](repeating: 0xA1, count: 16))
    private static let contact = Octets([UInt8](repeating: 0xB2, count: 16))
    private static let title = Octets([UInt8](repeating: 0xC3, count: 16))

    private static func sid(_ number: UInt32) -> Octets {
        Octets([1, 2, 0, 0, 0, 0, 0, 5] + little(21, 4) + little(UInt64(number), 4))
    }

    private static func little(_ number: UInt64, _ length: Int) -> [UInt8] {
        (0..<length).map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
    }

    private static let read: UInt64 = 0x10
    private static let allowed: UInt8 = 0
    private static let denied: UInt8 = 1
    private static let allowedObject: UInt8 = 5
    private static let deniedObject: UInt8 = 6

    private static func entry(
        _ type: UInt8,
        _ mask: UInt64,
        _ trustee: Octets,
        object: Octets? = nil,
        inherited: Octets? = nil,
        flags: UInt8 = 0
    ) -> [UInt8] {
        var body = little(mask, 4)
        if [5, 6, 11, 12].contains(type) {
            body += little((object == nil ? 0 : 1) | (inherited == nil ? 0 : 2), 4)
            body += (object?.bytes ?? []) + (inherited?.bytes ?? [])
        }
        body += trustee.bytes
        return [type, flags] + little(UInt64(4 + body.count), 2) + body
    }

    private static func descriptor(_ entries: [[UInt8]], isPresent: Bool = true) -> Octets {
        let list = entries.flatMap(\.self)
        let head: [UInt8] = [4, 0] + little(UInt64(8 + list.count), 2) + little(UInt64(entries.count), 2) + [0, 0]
        let control: UInt64 = isPresent ? 0x8004 : 0x8000
        return Octets(
            [1, 0] + little(control, 2) + little(0, 4) + little(0, 4) + little(0, 4) + little(20, 4) + head + list
        )
    }

    private static func attribute(
        _ identifier: Octets?,
        _ propertySet: Octets? = nil,
        isConfidential: Bool = false
    ) -> ServerDictionary.Attribute {
        ServerDictionary.Attribute(
            number: nil,
            isLink: false,
            isReplicated: true,
            identifier: identifier,
            propertySet: propertySet,
            isConfidential: isConfidential
        )
    }

    static let token: Set<Octets> = [me, everyone]
    static let confidential = attribute(mail, isConfidential: true)
    static let sample = descriptor([
        entry(deniedObject, read, other, object: contact, inherited: title),
        entry(allowedObject, read, me, object: mail),
        entry(allowed, 0x100, everyone),
    ])

    private static func mayRead(
        _ entries: [UInt8]...,
        to attribute: ServerDictionary.Attribute = attribute(mail, contact),
        token: Set<Octets> = token
    ) throws -> Bool? {
        try AccessControl(decoding: descriptor(entries)).permitsReading(attribute, token: token)
    }

    @Test func whatNobodyPermitsIsForbidden() throws {
        #expect(try Self.mayRead() == false)
        #expect(try Self.mayRead(Self.entry(Self.allowed, Self.read, Self.other)) == false)
        // The right to write is none to read.
        #expect(try Self.mayRead(Self.entry(Self.allowed, 0x20, Self.me)) == false)
    }

    @Test func aRightMayBeGivenByGroupBySetByAttributeAndInGeneral() throws {
        #expect(try Self.mayRead(Self.entry(Self.allowed, Self.read, Self.everyone)) == true)
        #expect(try Self.mayRead(Self.entry(Self.allowed, 0x1000_0000, Self.me)) == true)
        #expect(try Self.mayRead(Self.entry(Self.allowed, 0x8000_0000, Self.me)) == true)
        for object in [Self.mail, Self.contact, nil] {
            #expect(try Self.mayRead(Self.entry(Self.allowedObject, Self.read, Self.me, object: object)) == true)
        }
        #expect(try Self.mayRead(Self.entry(Self.allowedObject, Self.read, Self.me, object: Self.title)) == false)
        #expect(
            try Self.mayRead(
                Self.entry(Self.allowedObject, Self.read, Self.me, object: Self.mail, inherited: Self.title)
            ) == true
        )
    }

    @Test func theFirstRuleThatSaysSomethingDecides() throws {
        let allow = Self.entry(Self.allowed, Self.read, Self.everyone)
        for object in [Self.mail, Self.contact] {
            let deny = Self.entry(Self.deniedObject, Self.read, Self.me, object: object)
            #expect(try Self.mayRead(deny, allow) == false)
            #expect(try Self.mayRead(allow, deny) == true)
        }
        #expect(try Self.mayRead(Self.entry(Self.denied, Self.read, Self.me), allow) == false)
        #expect(try Self.mayRead(Self.entry(Self.deniedObject, Self.read, Self.me, object: Self.title), allow) == true)
        #expect(try Self.mayRead(Self.entry(Self.denied, Self.read, Self.other), allow) == true)
    }

    @Test func whatIsThereForOthersBelowDoesNotCount() throws {
        let deny = Self.entry(Self.denied, Self.read, Self.me, flags: 0x0A)
        #expect(try Self.mayRead(deny, Self.entry(Self.allowed, Self.read, Self.me, flags: 0x10)) == true)
    }

    @Test func whatIsConfidentialTakesTheRightOfControlAsWell() throws {
        #expect(try Self.mayRead(Self.entry(Self.allowed, Self.read, Self.me), to: Self.confidential) == false)
        #expect(try Self.mayRead(Self.entry(Self.allowed, Self.read | 0x100, Self.me), to: Self.confidential) == true)
        #expect(try Self.mayRead(Self.entry(Self.allowed, 0x1000_0000, Self.me), to: Self.confidential) == true)
    }

    @Test func whereNobodyCanTellNothingIsSaid() throws {
        let allow = Self.entry(Self.allowed, Self.read, Self.everyone)
        for type in [9, 10, 11, 12] as [UInt8] {
            #expect(try Self.mayRead(Self.entry(type, Self.read, Self.me), allow) == nil)
        }
        #expect(try Self.mayRead(allow, to: Self.attribute(nil)) == nil)
        #expect(try Self.mayRead(allow, token: []) == nil)
    }

    @Test func withoutAListEverythingIsPermitted() throws {
        let open = try AccessControl(decoding: Self.descriptor([], isPresent: false))
        #expect(open.permitsReading(Self.attribute(Self.mail), token: [Self.me]) == true)
    }

    @Test func whatIsCutOffOrLiesAboutItsLengthIsRefused() throws {
        let whole = Self.sample.bytes
        for count in 0..<whole.count {
            #expect(throws: AccessControl.Malformation.self) {
                try AccessControl(decoding: Octets(Array(whole.prefix(count))))
            }
        }
        #expect(throws: AccessControl.Malformation.unknownRevision(2)) {
            try AccessControl(decoding: Octets([2] + whole.dropFirst()))
        }
    }

    @Test func anEntryWithoutADescriptorForbidsNothing() {
        let words = ServerDictionary.Words(
            attributes: ["mail": Self.attribute(Self.mail)],
            servers: [:],
            token: [Self.me]
        )
        func forbids(_ attributes: [LDAPAttribute], _ name: String = "mail") -> Bool {
            AccessReading(LDAPEntry(dn: "CN=x", attributes: attributes), words: words).forbids(name)
        }
        let denying = Self.descriptor([Self.entry(Self.denied, Self.read, Self.me)])
        #expect(forbids([LDAPAttribute("nTSecurityDescriptor", [denying])]))
        #expect(!forbids([LDAPAttribute("nTSecurityDescriptor", [denying])], "unheardof"))
        #expect(!forbids([LDAPAttribute("nTSecurityDescriptor", ["nonsense"])]))
        #expect(!forbids([]))
    }
}
