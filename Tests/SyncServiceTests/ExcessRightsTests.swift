import Testing

@testable import SyncService

struct ExcessRightsTests {
    private static func sid(_ numbers: UInt32...) -> [UInt8] {
        let octets = numbers.flatMap { number in withUnsafeBytes(of: number.littleEndian) { Array($0) } }
        return [1, UInt8(numbers.count), 0, 0, 0, 0, 0, 5] + octets
    }

    @Test(
        arguments: [
            (sid(21, 1, 2, 3, 512), "Domain Admins"), (sid(21, 1, 2, 3, 513), nil), (sid(32, 544), "Administrators"),
            (sid(32, 545), nil), (sid(32, 512), nil), (sid(21, 1, 2, 3, 544), nil), (sid(11), nil), ([], nil),
            ([1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0], nil), ([1, 255] + [UInt8](repeating: 0, count: 10), nil),
        ] as [([UInt8], String?)]
    )
    func aPrivilegedGroupIsKnownByItsIdentifier(sid: [UInt8], name: String?) {
        #expect(ExcessRightsCheck.privilegedGroup(sid) == name)
    }
}
